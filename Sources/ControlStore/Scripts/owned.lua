-- Owned: a page of the names of one sort, in the order of their bytes, from one moment. Keys as in
-- register.lua.
--
-- ARGV[1]  the start, as ZRANGEBYLEX expects it: - (the first), [name (including it), (name (after
--          it)
-- ARGV[2]  the maximum number of names
-- Returns the number of all names, then name and metadata (empty: none) of each, flat.

local page = { redis.call('ZCARD', KEYS[1]) }
local names = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', '0', ARGV[2])
if #names == 0 then return page end
local metadata = redis.call('HMGET', KEYS[2], unpack(names))
for i, name in ipairs(names) do
  page[2 * i], page[2 * i + 1] = name, metadata[i] or ''
end
return page
