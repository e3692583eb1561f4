-- nginx+Lua+Redis, as a team would build it: the script is loaded once, the account is charged in
-- one round trip over a pooled connection, and the answer is made by hand. It reads the request
-- that Stint reads and refuses a body that is not JSON. It counts executions only: no execution
-- time, no ids, no settling.

local redis = require "nginx.redis"
local cjson = require "cjson.safe"
redis.add_commands("evalsha")

local limiter = {}
local socket, script, digest

function limiter.start(redis_socket, script_file)
  socket = "unix:" .. redis_socket
  local file = assert(io.open(script_file))
  script = file:read("*a")
  file:close()
end

-- What is left (-1: denied) and the ms to the end of the cell; nil and the reason when Redis does
-- not say.
local function charge(account, limit)
  local link = redis:new()
  link:set_timeout(250)
  local ok, problem = link:connect(socket)
  if not ok then return nil, problem end
  local key, answer = "limiter:{" .. account .. "}", nil
  if digest then answer, problem = link:evalsha(digest, 1, key, limit, 60000) end
  if not answer and (not digest or problem:find("NOSCRIPT", 1, true)) then
    digest, problem = link:script("LOAD", script)
    if not digest then return nil, problem end
    answer, problem = link:evalsha(digest, 1, key, limit, 60000)
  end
  if not answer then return nil, problem end
  link:set_keepalive(60000, 256)
  return answer[1], answer[2]
end

local function say(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

function limiter.answer(account, limit)
  ngx.req.read_body()
  if type(cjson.decode(ngx.req.get_body_data() or "{}")) ~= "table" then
    return say(400, '{"title":"Malformed JSON"}')
  end
  local left, ends = charge(account, limit)
  if not left then
    ngx.log(ngx.ERR, "redis: ", ends)
    return say(503, '{"title":"The store is unavailable"}')
  end
  local seconds = math.ceil(ends / 1000)
  ngx.header["RateLimit-Policy"] = '"executions";q=' .. limit .. ";w=60"
  if left < 0 then
    ngx.header["RateLimit"] = '"executions";r=0;t=' .. seconds
    ngx.header["Retry-After"] = seconds
    return say(429, '{"title":"Quota Exceeded","status":429,"retryAfterMs":' .. ends .. "}")
  end
  ngx.header["RateLimit"] = '"executions";r=' .. left .. ";t=" .. seconds
  return say(201, '{"limits":{"executionsRemaining":' .. left .. "}}")
end

return limiter
