-- Probe: could a decision be made and written now? It does what the scripts of the ledger do, to
-- keys that no account has, and leaves nothing.
--
-- KEYS     1 a hash, which is deleted at the end; 2 a stream and 3 a sorted set, which are never
--          created
-- ARGV[1]  1: also test what decisions do not need, but the log and the control plane do
-- Returns  two flat lists, first of what decisions need, then of the rest: a command, the server's
--          error for it, and so on.
--
-- The first command that writes is HSET, as in a decision: once a script has called one, Redis does
-- not refuse its commands for lack of memory. So the rights that are needed afterwards are asked
-- for before. Servers before 7.0 cannot be asked.

local needed, rest = {}, {}

local function refused(list, command, message)
  list[#list + 1] = command
  list[#list + 1] = message
end

local function try(list, command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) == 'table' and reply.err then refused(list, command, reply.err) end
end

local function ask(list, command, ...)
  if redis.acl_check_cmd and not redis.acl_check_cmd(command, ...) then
    refused(list, command,
      "NOPERM its user has no permissions to run the '" .. string.lower(command) .. "' command")
  end
end

local ledger, log, ranking, stay = KEYS[1], KEYS[2], KEYS[3], 'LINGER_MS'
try(needed, 'TIME')
try(needed, 'HMGET', ledger, 'a')
try(needed, 'HGET', ledger, 'a')
try(needed, 'HRANDFIELD', ledger, '1', 'WITHVALUES')
try(needed, 'PTTL', ledger)
ask(needed, 'HSET', ledger, 'a', '')
ask(needed, 'HDEL', ledger, 'a')
ask(needed, 'PEXPIRE', ledger, stay)
if #needed > 0 then return { needed, rest } end
try(needed, 'HSET', ledger, 'a', '')
if #needed > 0 then return { needed, rest } end
try(needed, 'PEXPIRE', ledger, stay)
if ARGV[1] == '1' then
  try(rest, 'INFO', 'cluster')
  try(rest, 'HGETALL', ledger)
  try(rest, 'HKEYS', ledger)
  try(rest, 'HLEN', ledger)
  try(rest, 'HEXISTS', ledger, 'a')
  try(rest, 'HSCAN', ledger, '0', 'COUNT', '1')
  try(rest, 'HSETNX', ledger, 'b', '')
  try(rest, 'HINCRBY', ledger, 'c', '1')
  try(rest, 'XADD', log, 'NOMKSTREAM', '*', '', '')
  try(rest, 'EXISTS', log)
  try(rest, 'DUMP', log)
  ask(rest, 'RESTORE', log, stay, '', 'REPLACE')
  try(rest, 'XREVRANGE', log, '+', '-', 'COUNT', '1')
  try(rest, 'XTRIM', log, 'MAXLEN', '0')
  try(rest, 'XLEN', log)
  try(rest, 'MEMORY', 'USAGE', log, 'SAMPLES', '0')
  try(rest, 'ZADD', ranking, 'XX', '0', 'a')
  try(rest, 'ZSCORE', ranking, 'a')
  try(rest, 'ZMSCORE', ranking, 'a')
  try(rest, 'ZCARD', ranking)
  try(rest, 'ZRANGE', ranking, '0', '0')
  try(rest, 'ZRANGEBYLEX', ranking, '-', '+', 'LIMIT', '0', '1')
  try(rest, 'ZREMRANGEBYRANK', ranking, '0', '-2')
  try(rest, 'ZREM', ranking, 'a')
end
try(needed, 'HDEL', ledger, 'a', 'b', 'c')
return { needed, rest }
