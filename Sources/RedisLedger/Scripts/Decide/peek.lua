-- Peek: what is left? Every answer contains that; a peek is that part alone. A call of peeks writes
-- nothing. It does not even keep what window_advance dropped (see the end of answer.lua).

-- What counts in window w: executions, ms, ms until the oldest cell leaves (-1: nothing counts).
local function peek(w)
  if w[EXECUTIONS] == 0 then return 0, w[MS], -1 end
  return w[EXECUTIONS], w[MS],
    (w[EXECUTIONS] == w[NEW_EXECUTIONS] and w[NEW_LATEST] or w[OLD_LATEST]) + w[LENGTH] - clock
end
