-- Peek: what is left? That is part of every answer, so a peek is this alone. A call of peeks writes nothing; it does not
-- even keep what window_advance dropped (the last lines of answer.lua).

local PEEKED = 5

-- What counts in window i, packed: executions, ms, ms until the oldest cell leaves (-1: nothing counts).
local function peek(i)
  local w = windows[i]
  local leaves = -1
  if w.executions > 0 then leaves = (w.old == w.new and w.new_latest or w.old_latest) + w.length - clock end
  return struct.pack('<ddd', w.executions, w.ms, leaves)
end
