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

/// To be called when long work has ended: both allocators keep what was given back to them for who asks next, and without this a window that
/// stands open after a large pull would hold it until the next one. What is in use stays where it is.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // Every arena (`MALLCTL_ARENAS_ALL` in jemalloc's manual).
        let all = c"arena.4096.purge";
        // SAFETY: the one gives free pages of the C library's heaps back, the other those of jemalloc's arenas; neither reads nor writes
        // through the pointers, which are null as that name of `mallctl` wants it.
        #[allow(unsafe_code, reason = "neither allocator has another way to be told")]
        unsafe {
            libc::malloc_trim(0);
            tikv_jemalloc_sys::mallctl(
                all.as_ptr(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                0,
            );
        }
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::give_back;

    /// Memory of this process that is in use or kept, in pages of 4 KiB (`proc(5)`).
    fn resident() -> u64 {
        let numbers = std::fs::read_to_string("/proc/self/statm").expect("Linux tells it");
        numbers.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("the second number")
    }

    #[test]
    fn what_was_freed_is_given_back() {
        const PIECES: usize = 64 * 1024;
        let held: Vec<Box<[u8; 1024]>> = (0..PIECES).map(|_| Box::new([1; 1024])).collect();
        let full = resident();
        drop(held);
        give_back();
        let given = full.saturating_sub(resident());
        // 64 MiB were held; other tests may take some meanwhile.
        assert!(given > 12 * 1024, "{given} pages were given back");
    }
}
