-- What wrk sends: admissions, or admissions and settlements by turns. Every contender gets the same
-- bytes. Environment: ACCOUNTS how many, asked for uniformly; PREFIX what their names begin with;
-- MODE admit or settle; CONNECTIONS; RUN a text of eight characters that no other run has.
--
-- admit: no id, so the requests are made once per account and kept.
-- settle: the ids are ours, so no reply has to be read. wrk does not say which connection a request
-- is for: a settlement goes out when at least twice as many others have been sent since its
-- admission as there are connections, so the admission has been answered.

local accounts = tonumber(os.getenv("ACCOUNTS"))
local prefix = os.getenv("PREFIX")
local settles = os.getenv("MODE") == "settle"
local lag = 2 * tonumber(os.getenv("CONNECTIONS"))
local run = os.getenv("RUN")

local fields = "HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "

local function name(number) return string.format("%s%07d", prefix, number) end

local function admission(account, id)
  local body = '{"function":"resize","maxDurationMs":100}'
  if id then body = '{"id":"' .. id .. '","function":"resize","maxDurationMs":100}' end
  return "POST /v1/accounts/" .. account .. "/executions " .. fields .. #body .. "\r\n\r\n" .. body
end

local function settlement(account, id)
  local body = '{"durationMs":80,"outcome":"ok"}'
  return "POST /v1/accounts/" .. account .. "/executions/" .. id .. "/settle " .. fields .. #body .. "\r\n\r\n" .. body
end

local kept = {}
local function admit_only()
  local number = math.random(0, accounts - 1)
  local request = kept[number]
  if not request then
    request = admission(name(number))
    kept[number] = request
  end
  return request
end

-- wrk makes its first request only to look at it: the first admission is never sent, and never
-- settled.
local waiting, sent, settled, admits = {}, 0, 1, true
local function admit_and_settle()
  admits = not admits or sent - settled <= lag
  if admits then
    sent = sent + 1
    local account, id = name(math.random(0, accounts - 1)), string.format("%s-%08d", run, sent)
    waiting[sent] = { account, id }
    return admission(account, id)
  end
  settled = settled + 1
  local account, id = unpack(waiting[settled])
  waiting[settled] = nil
  return settlement(account, id)
end

function init()
  math.randomseed(os.time())
end

request = settles and admit_and_settle or admit_only
