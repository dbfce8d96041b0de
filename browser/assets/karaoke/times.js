/** When songs are expected to start, in seconds since 1970: the server's rule, and never in the past. */

export function startTimes(queue, pause, now) {
	let start = queue[0]?.started_at ?? now;
	return queue.map(({ duration }) => {
		const own = start;
		start = Math.max(start + duration + pause + 1, now);
		return own;
	});
}
