"""Joins the socket that is its standard input to a port of this machine: relay.py PORT. The emulated board's network starts one
for each connection of the board."""
import socket
import sys
import threading


def pump(one, other):
    """Passes bytes on, and the end behind them."""
    try:
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        one.close()
        other.close()


def main():
    board = socket.socket(fileno=0)
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as broker:
        up = threading.Thread(target=pump, args=(board, broker), daemon=True)
        up.start()
        pump(broker, board)
        up.join()


if __name__ == "__main__":
    main()
