-- Release: the account owns the thing of this name no longer. Keys as in register.lua.
--
-- ARGV[1]  the name
-- Returns 1, or 0 when there was none.

redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
