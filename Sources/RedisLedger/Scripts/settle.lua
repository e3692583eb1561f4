-- Settle: the execution used this much. The twin of LedgerPage.settle and Charges.settle.

-- Returns 3 (settled), charged ms, returned ms, over-run ms; or 4 (not held) with nothing changed.
local function settle(id, duration)
  local granted, admitted, hold = held(id)
  if not granted then return 4, 0, 0, 0 end
  touched_count, settled_bytes, denied_duration = touched_count + 1, settled_bytes + #id + 1, nil
  touched[touched_count], holds[id] = id, ''
  local hold_shapes, counts = string.sub(hold, 19), false
  for i = 1, window_count do
    local charged = hold_shapes == shapes
    if not charged then
      local shape = string.sub(shapes, 6 * i - 5, 6 * i)
      for at = 1, #hold_shapes, 6 do charged = charged or string.sub(hold_shapes, at, at + 5) == shape end
    end
    if charged then counts = window_correct(windows[i], duration - granted, admitted) or counts end
  end
  if not counts then return 3, granted, 0, math.max(0, duration - granted) end
  return 3, duration, math.max(0, granted - duration), math.max(0, duration - granted)
end
