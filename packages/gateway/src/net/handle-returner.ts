// A process of its own: sends the handle it is sent back, so many times as its argument says, each with a descriptor anew.
const times = Number(process.argv[2]);
process.on('message', (_message, handle) => {
  for (let left = times; left > 0; left--) {
    process.send?.('', handle, {}, () => {
      if (left === 1) process.disconnect();
    });
  }
});
