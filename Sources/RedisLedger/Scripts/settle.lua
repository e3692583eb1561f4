-- Settle: the execution used this much. The twin of LedgerPage.settle and Charges.settle.

-- Returns 3 (settled), charged ms, returned ms, over-run ms; or 4 (not held) with nothing changed.
local function settle(id, duration)
  local granted, admitted, hold_shapes = held(id)
  if not granted then return 4, 0, 0, 0 end
  holds[id] = false
  touched[#touched + 1] = id
  local counts = false
  for i = 1, window_count do
    local charged = hold_shapes == shapes
    if not charged then
      local shape = shapes:sub(6 * i - 5, 6 * i)
      for at = 1, #hold_shapes, 6 do charged = charged or hold_shapes:sub(at, at + 5) == shape end
    end
    if charged then counts = window_correct(windows[i], duration - granted, admitted, now) or counts end
  end
  local charge = counts and duration or granted
  return 3, charge, math.max(0, granted - charge), math.max(0, duration - granted)
end
