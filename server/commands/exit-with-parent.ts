/**
 * Loaded before the collector inside `haidang up`: when the parent is gone, however it went, the channel to it closes and
 * the collector stops as at SIGTERM. Without this a killed server would leave a collector that holds the spool.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
