# fetch.bats - the plugin fetch, against a server on 127.0.0.1.

setup() {
    sopool list fetch > /dev/null 2>&1 || skip "the plugin was not built"
    unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
    mkdir "$BATS_TEST_TMPDIR/www"
    printf 'hello\n' > "$BATS_TEST_TMPDIR/www/hello.txt"
    /usr/bin/python3 -u - "$BATS_TEST_TMPDIR" <<'PY' 3>&- &
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        else:
            super().do_GET()
    def log_message(self, *args):
        pass
handler = functools.partial(Handler, directory=sys.argv[1] + "/www")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
with open(sys.argv[1] + "/port.new", "w") as f:
    f.write(str(server.server_port))
import os
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
    SERVER=$!
    for i in $(seq 100); do
        [ -e "$BATS_TEST_TMPDIR/port" ] && break
        sleep 0.1
    done
    URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
}

teardown() {
    [ -z "${SERVER:-}" ] || { kill "$SERVER"; wait "$SERVER" || :; }
}

get() { # COMMAND FIELD URL
    sopool apply --output json "fetch.$1" "$3" |
        /usr/bin/python3 -c 'import base64, json, sys
value = json.load(sys.stdin)["result"][sys.argv[1]]
if isinstance(value, dict):
    value = base64.b64decode(value["base64"]).decode()
print(value, end="")' "$2"
}

@test "get gives status, size, type and body" {
    [ "$(get get status "$URL/hello.txt")" = 200 ]
    [ "$(get get size "$URL/hello.txt")" = 6 ]
    [ "$(get get type "$URL/hello.txt")" = text/plain ]
    [ "$(get get body "$URL/hello.txt")" = hello ]
    [ "$(get get status "$URL/none")" = 404 ]
    [ "$(get head status "$URL/hello.txt")" = 200 ]
}

@test "many URLs at once, by threads" {
    for i in $(seq 50); do echo "$URL/hello.txt"; done > "$BATS_TEST_TMPDIR/urls"
    run sopool map -j 8 --start-method thread --output json fetch.get \
        "$BATS_TEST_TMPDIR/urls"
    [ "$status" -eq 0 ]
    [ "$(echo "$output" | grep -c '"size":6')" -eq 50 ]
}

@test "what fails says why" {
    run sopool apply fetch.get "$URL/round"
    [ "$status" -eq 1 ]
    [[ "$output" == *"redirects"* ]]
    run sopool apply fetch.get http://127.0.0.1:1/
    [ "$status" -eq 1 ]
    [[ "$output" == *"127.0.0.1"* ]]
    run sopool apply fetch.get file:///etc/passwd
    [ "$status" -eq 1 ]
    [[ "$output" == *"rotocol"* ]]
}
