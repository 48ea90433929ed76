//! Work on many items, spread over the processor's cores.

use crate::StoreError;

/// Below this many items a second thread costs more than it gains.
const WORTH_A_THREAD: usize = 128;
/// Threads at most: the writer and the network need cores too.
const MOST_THREADS: usize = 4;

/// Runs over a slice on as many threads as are worth it; the results keep the order.
pub(crate) fn spread<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, StoreError> + Sync,
) -> Result<Vec<R>, StoreError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
    let threads = threads.min(items.len().div_ceil(WORTH_A_THREAD)).max(1);
    if threads == 1 {
        return work(items);
    }
    let share = items.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = items.chunks(share).map(|chunk| scope.spawn(move || work(chunk))).collect();
        let mut results = Vec::with_capacity(items.len());
        for handle in handles {
            results.extend(
                handle.join().map_err(|_| StoreError::internal("preparing a page of records failed"))??,
            );
        }
        Ok(results)
    })
}
