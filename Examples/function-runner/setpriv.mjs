// The program that makes a process another user and ends it with the runner: setpriv (util-linux).

import { spawnSync } from "node:child_process";

const check = "setpriv --pdeathsig KILL --no-new-privs true && command -v setpriv";

/** Its path; undefined: the machine has none, or one that cannot do this. @type {string|undefined} */
export const setpriv = spawnSync("/bin/sh", ["-c", check], { env: {} }).stdout?.toString().trim() || undefined;
