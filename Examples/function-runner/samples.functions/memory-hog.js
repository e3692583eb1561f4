// Allocates memory until none is left.

exports.main = (context, sendResponse) => {
    const everything = [];
    for (;;) everything.push(new Array(100_000).fill(everything.length));
};
