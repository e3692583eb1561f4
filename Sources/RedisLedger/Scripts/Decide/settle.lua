-- Settle: the execution used this much. The twin of AccountLedger.settle and Charges.settle.

-- outcome and memory: as they are logged (log.lua).
-- Returns SETTLED, charged ms, returned ms, over-run ms, and the settled hold, packed; or NOT_HELD,
-- with nothing changed.
local function settle(id, duration, outcome, memory)
  local granted, admitted, hold = held(id)
  if not granted then return NOT_HELD, 0, 0, 0 end
  local hold_shapes, label = hold_parts(hold)
  log_row(outcome, id, admitted, granted, duration, memory, label)
  touched_count, settled_bytes, denied_duration = touched_count + 1, settled_bytes + #id + 1, nil
  touched[touched_count], holds[id] = id, ''
  local counts = false
  for i = 1, window_count do
    local instant, epoch = admitted, 0
    if hold_shapes ~= shapes then
      instant, epoch = hold_moment(hold_shapes, string.sub(shapes, 6 * i - 5, 6 * i), admitted)
    end
    if instant then counts = window_correct(windows[i], duration - granted, instant, epoch) or counts end
  end
  local charged = counts and duration or granted
  return SETTLED, charged, math.max(0, granted - charged), math.max(0, duration - granted),
    pack('<I6I6I2c0', admitted, granted, #label, label)
end
