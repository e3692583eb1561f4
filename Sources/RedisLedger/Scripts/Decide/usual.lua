-- The usual path: answers the usual account within the loop of call.lua, from locals. The result is
-- that of window.lua to answer.lua, at half their cost. This file and those that it includes are
-- one block within that loop. `break` leaves the block before anything is written; answer.lua
-- answers then.
--
-- The usual account has a plan with one window, in which something counts and the newest cell
-- stays. It settles an execution, asks for one that is not held, or asks for several with ids made
-- for the ask that all fit. Each file names the functions whose result it equals:
--   usual_load.lua      window_load, account_load   reads the window and the hold
--   usual_advance.lua   window_advance, window_walk, block_get   drops cells that are a window old
--   usual_settle.lua    settle, window_correct, account_store
--   usual_deny.lua      admit, window_fits
--   usual_admit.lua     admit, window_open, window_charge
--   usual_store.lua     account_store, log_write    writes what changed, then the row of the log

if window_count > 1 or held_count > 0 and count > 1 then break end
--- @include usual_load.lua
--- @include usual_advance.lua
-- The sums are those of the cells, and the oldest cell lies before the newest, within the window
-- (window_check).
if is_alone then
  if ms ~= new_ms then break end
elseif not (new_executions > 0 and new_ms >= 0 and old_executions > 0 and old_ms >= 0
  and new_executions + old_executions <= executions and new_ms + old_ms <= ms
  and latest < old_latest + length and old_latest * cells / length < new) then break end
if what == SETTLE then
  --- @include usual_settle.lua
elseif count == 1 and (most_ms - ms < needed or executions >= most_executions) then
  --- @include usual_deny.lua
else
  --- @include usual_admit.lua
end
--- @include usual_store.lua
is_answered = true
