-- Usual path: denies an ask without a hold, if the time until it fits depends on the oldest and the
-- newest cell only. Equals admit and window_fits.

if what == PEEK or held then break end
local violated, fits, ever = 0, clock, true
for limit = 0, limit_count - 1 do
  local meter, amount = unpack_struct('<Bd', args, limits + 10 * limit + 1)
  local used, ask, old = executions, 1, old_executions
  if meter == EXECUTION_TIME then used, ask, old = ms, needed, old_ms end
  if amount - used < ask then
    violated = violated + 2 ^ limit
    if ask > amount then
      ever = false
    elseif is_alone then
      fits = math.max(fits, latest + length)
    elseif used + ask - amount <= old then
      fits = math.max(fits, old_latest + length)
    else
      fits = math.huge
    end
  end
end
if fits == math.huge then break end
answers[answer_count + 1] = pack('<Bdddddd', DENIED, ever and fits - clock or -1, violated, 0,
  executions, ms, (is_alone and latest or old_latest) + length - clock)
n = 2 * leaving
