-- Forgets what was charged to an account within the windows of its plan: each window restarts,
-- empty, at its own epoch (window.lua). Its executions stay held. A settlement finds its hold and
-- corrects nothing, because the charge was made before the epoch. Otherwise it would return its
-- unused time from a later charge in the same cell. The script looks at no hold, however many there
-- are. The twin of AccountLedger.forget and SlidingWindow.forget.
--
-- KEYS[1]  the account ledger (account.lua)
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME
-- ARGV[2]  and on: the names of the windows of the account's plan, at most 32. A damaged window is
--          repaired.
-- Returns  how many of them existed.

local call, key, count = redis.call, KEYS[1], 0
--- @include clock.lua

-- The time of a window and its epoch, from its field. For a damaged field: the clock, and no epoch.
local function times(state)
  if #state < WINDOW_BYTES then return clock, 0 end
  local seen, epoch = struct.unpack('<d', state), 0
  if seen >= EPOCH_MARK and #state >= WINDOW_BYTES + 8 then
    seen, epoch = seen - EPOCH_MARK, struct.unpack('<d', state, WINDOW_BYTES + 1)
  end
  if seen >= 0 and seen <= LATEST_CLOCK and epoch >= 0 and epoch < LATEST_CLOCK
    and seen % 1 + epoch % 1 == 0 then
    return seen, epoch
  end
  return clock, 0
end

local own = call('HGET', key, '')
if own and (#own < 8 or #own > OWN_BYTES_MAX
  or not (struct.unpack('<d', own) < INSTANTS_END)) then
  call('HSET', key, '', struct.pack('<d', 1))
end
for i = 2, #ARGV do
  local name = ARGV[i]
  local state = call('HGET', key, name)
  if state then
    local length, cells = string.match(name, '^w:(%d+):(%d+)$')
    local now, epoch = times(state)
    if now - clock > length + math.ceil(length / cells) then
      now, epoch = clock, math.max(epoch + 1, now)
    end
    now = math.max(now, clock)
    epoch = math.max(epoch + 1, now)
    local blocks = {}
    for block = 1, math.ceil(cells / BLOCK_CELLS) do blocks[block] = name .. ':' .. block - 1 end
    call('HDEL', key, unpack(blocks))
    call('HSET', key, name,
      struct.pack('<dddddddddd', now + EPOCH_MARK, 0, 0, 0, 0, 0, 0, 0, 0, epoch))
    count = count + 1
  end
end
return count
