-- Peek: what is left? That is part of every answer, so a peek is this alone. A call of peeks writes nothing; it does not
-- even keep what window_advance dropped (the end of answer.lua).

-- What counts in window w: executions, ms, ms until the oldest cell leaves (-1: nothing counts).
local function peek(w)
  if w[7] == 0 then return 0, w[8], -1 end
  return w[7], w[8], (w[7] == w[10] and w[9] or w[12]) + w[2] - clock
end
