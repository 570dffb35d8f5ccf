@rem The scripts of package.json run by `exec`, so that a POSIX shell does not stand between npm's signals and the
@rem gateway. Windows has no such word, and finds this file.
@%*
