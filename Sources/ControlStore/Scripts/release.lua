-- Release: the account no longer owns the thing of this name. Keys as in register.lua.
--
-- ARGV[1]  the name
-- Returns 1, or 0 if it did not exist.

redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
