"""An origin on Python's own parser. Every answer is the list of what it has seen since `/probe` was asked for last."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = []


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        entry = {"method": self.command, "target": self.path, "body": None}
        seen.append(entry)
        try:
            entry["body"] = self.read_body().decode("latin-1")
        except (ConnectionError, ValueError):  # it broke off, and its body stays unknown
            self.close_connection = True
            return
        text = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
        if self.path.endswith("/probe"):
            seen.clear()

    def read_body(self):
        """http.server leaves bodies to its handlers."""
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send_error(self, code, message=None, explain=None):
        seen.append({"method": "REFUSED", "target": message, "body": None})
        super().send_error(code, message, explain)

    def log_message(self, *_):
        pass

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
print(server.server_address[1], flush=True)
server.serve_forever()
