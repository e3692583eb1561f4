"""What scenarios and contenders are called, in rows and on the page."""

UNIFORM, DENIED, ADMITTED = "10,000 accounts", "one account, denied", "one account, admitted"
MEMORY, HALF_RATE, FLOOR = "memory", "half rate", "floor"
ACCOUNTS, EXECUTIONS, UNSETTLED = "accounts", "executions", "unsettled"
OTHER_SERVERS = "other servers"
EXPIRED, LOGGED = "when they have expired", "right after that"

STINT, SETTLE, TWIN = "Stint", "Stint, admit + settle", "redis-benchmark"
NGINX_LUA, LIMIT_REQ, HAPROXY = "nginx+Lua+Redis", "nginx limit_req", "HAProxy"
NO_LIMIT = "nginx without a limit"
PEERS = [NGINX_LUA, LIMIT_REQ, HAPROXY]
ORDER = [STINT, SETTLE, *PEERS, TWIN, NO_LIMIT]

DUE = "Stint, requests due"
RETURNS_ONE, PROLOGUE = "a script that returns 1", "the prologue of our script's twin"
