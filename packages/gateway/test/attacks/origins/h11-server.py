"""An origin on h11, the parser of uvicorn and httpx. Every answer is the list of what it has seen since `/probe` was asked
for last."""

import json
import socket
import threading

import h11

seen = []


def serve(client):
    connection = h11.Connection(h11.SERVER)
    try:
        while answer(client, connection):
            connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        seen.append({"method": "REFUSED", "target": str(error), "body": None})
    except ConnectionError:  # it broke off, and its body stays unknown
        pass
    finally:
        client.close()


def answer(client, connection):
    """Answers the next request; says whether another may follow."""
    request = next_event(client, connection)
    method, target = request.method.decode(), request.target.decode()
    entry = {"method": method, "target": target, "body": None}
    seen.append(entry)
    body = b""
    while isinstance(part := next_event(client, connection), h11.Data):
        body += part.data
    entry["body"] = body.decode("latin-1")
    text = json.dumps(seen).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(text)))]
    sent = [h11.Response(status_code=200, headers=headers)]
    if method != "HEAD":
        sent.append(h11.Data(data=text))
    client.sendall(b"".join(connection.send(event) for event in [*sent, h11.EndOfMessage()]))
    if target.endswith("/probe"):
        seen.clear()
    return connection.our_state is h11.DONE and connection.their_state is h11.DONE


def next_event(client, connection):
    while (event := connection.next_event()) is h11.NEED_DATA:
        if not (data := client.recv(65536)):
            raise ConnectionError("the client has left")
        connection.receive_data(data)
    return event


server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=[server.accept()[0]], daemon=True).start()
