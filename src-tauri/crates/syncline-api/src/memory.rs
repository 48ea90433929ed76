//! How memory is shared out among threads.

/// Records go from thread to thread: one reads them, others map, pack and store them. With jemalloc a thread gives back what another took
/// without waiting for a third. Its settings stand in `.cargo/config.toml`, since it reads them before the program begins.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// To be called when a program begins, before it has threads. What SQLite and other libraries in C hold comes from Linux' C library, which
/// gives threads a stock of memory each, up to eight a processor, and what one gives back the others do not get: work that goes from thread
/// to thread then holds several times what it needs. Two stocks serve a pull as fast as many.
pub fn share_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const STOCKS: libc::c_int = 2;
        // SAFETY: sets a number of the allocator; it fails for numbers it does not take, and then all stays as it was.
        #[allow(unsafe_code, reason = "the C library has no other way to be told")]
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, STOCKS);
        }
    }
}
