// Takes memory until there is no more.

exports.main = (context, sendResponse) => {
    const everything = [];
    for (;;) everything.push(new Array(100_000).fill(everything.length));
};
