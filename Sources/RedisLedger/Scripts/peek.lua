-- Peek: what is left? That is part of every answer, so a peek is this alone. A call of peeks writes nothing; it does not
-- even keep what window_advance dropped (the last lines of answer.lua).

-- What counts in window i: executions, ms, ms until the oldest cell leaves (-1: nothing counts).
local function peek(i)
  local w = windows[i]
  if w.executions == 0 then return 0, w.ms, -1 end
  return w.executions, w.ms, (w.old == w.new and w.new_latest or w.old_latest) + w.length - clock
end
