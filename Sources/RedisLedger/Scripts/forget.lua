-- Forgets what was charged to an account. Its executions go on being held: a settlement finds its hold, and corrects nothing,
-- because the hold is made to say that it was charged to no window. Otherwise it would take what it did not use from a charge
-- that somebody else makes in the same cell after this.
--
-- KEYS[1]  the page (page.lua)
-- Returns  how many holds there were. It looks at all of the page, so it keeps the server for about 1 ms a thousand holds.

local page, windows, holds = redis.call('HGETALL', KEYS[1]), {}, {}
for i = 1, #page, 2 do
  local id, hold = page[i], page[i + 1]
  if string.find(id, ':', 1, true) then
    windows[#windows + 1] = id
  elseif id ~= '' and #hold >= 18 then
    local at = 19
    while #hold >= at + 3 and string.byte(hold, at + 3) < 255 do at = at + 6 end
    holds[#holds + 1], holds[#holds + 2] = id, string.sub(hold, 1, 18) .. string.sub(hold, at)
  end
end
for i = 1, #windows, 100 do redis.call('HDEL', KEYS[1], unpack(windows, i, math.min(#windows, i + 99))) end
for i = 1, #holds, 100 do redis.call('HSET', KEYS[1], unpack(holds, i, math.min(#holds, i + 99))) end
return #holds / 2
