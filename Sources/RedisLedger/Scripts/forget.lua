-- Forgets what was charged to an account within the windows of its plan: each begins anew, empty, at an epoch of its own
-- (window.lua). Its executions go on being held: a settlement finds its hold and corrects nothing, because that was charged before
-- the epoch. Otherwise it would take what it did not use from a charge that somebody else makes in the same cell after this.
-- However many holds there are, none is looked at. The twin of LedgerPage.forget and SlidingWindow.forget.
--
-- KEYS[1]  the page (page.lua)
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME
-- ARGV[2]  and on: the names of the windows of the account's plan, at most 32. A damaged one is mended.
-- Returns  how many of them there were.

local key, clock, count = KEYS[1], tonumber(ARGV[1]), 0
if not clock then
  local time = redis.call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The time of a window and its epoch, as its field says them; those of one that is damaged: the clock, none.
local function times(state)
  if #state < 72 then return clock, 0 end
  local seen, epoch = struct.unpack('<d', state), 0
  if seen >= 17592186044416 and #state >= 80 then
    seen, epoch = seen - 17592186044416, struct.unpack('<d', state, 73)
  end
  if seen >= 0 and seen <= 8796093022208 and epoch >= 0 and epoch < 8796093022208 and seen % 1 + epoch % 1 == 0 then
    return seen, epoch
  end
  return clock, 0
end

local own = redis.call('HGET', key, '')
if own and (#own < 8 or #own > 200 or not (struct.unpack('<d', own) < 17592186044416)) then
  redis.call('HSET', key, '', struct.pack('<d', 1))
end
for i = 2, #ARGV do
  local name = ARGV[i]
  local state = redis.call('HGET', key, name)
  if state then
    local length, cells = string.match(name, '^w:(%d+):(%d+)$')
    local now, epoch = times(state)
    if now - clock > length + math.ceil(length / cells) then
      now, epoch = clock, math.max(epoch + 1, now)
    end
    now = math.max(now, clock)
    epoch = math.max(epoch + 1, now)
    local blocks = {}
    for block = 1, math.ceil(cells / 16) do blocks[block] = name .. ':' .. block - 1 end
    redis.call('HDEL', key, unpack(blocks))
    redis.call('HSET', key, name, struct.pack('<dddddddddd', now + 17592186044416, 0, 0, 0, 0, 0, 0, 0, 0, epoch))
    count = count + 1
  end
end
return count
