// Fails.

exports.main = async () => {
    console.log("this line is in the function's log, and so is the stack");
    throw new Error("the orders cannot be read");
};
