-- The shapes and the label of a hold.
local function hold_parts(hold)
  local at = 19
  while #hold >= at + 3 and string.byte(hold, at + 3) < 255 do at = at + 6 end
  return string.sub(hold, 19, at - 1), string.sub(hold, at)
end
