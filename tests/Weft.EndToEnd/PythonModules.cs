namespace Weft.EndToEnd;

/// <summary>Modules of Python's own test suite; tests/programs/python/exclusions.txt says what is left out of them.</summary>
internal static class PythonModules
{
    /// <summary>The distribution's interpreter; another one that a PATH finds first wouldn't fit the suite.</summary>
    public const string Python = "/usr/bin/python3.11";

    /// <summary>A file that is there when the suite is.</summary>
    public const string Suite = "/usr/lib/python3.11/test/test_math.py";

    /// <summary>Where our own scripts for Python are.</summary>
    public static readonly string Folder = Path.Combine(Repository.Programs, "python");

    /// <summary>Those that take a second or two: each runs by every way of system calls.</summary>
    public static IReadOnlyList<string> Brief { get; } =
    [
        "test_array", "test_asyncio.test_base_events", "test_asyncio.test_buffered_proto",
        "test_asyncio.test_context", "test_asyncio.test_futures2", "test_asyncio.test_pep492",
        "test_asyncio.test_proactor_events", "test_asyncio.test_protocols", "test_asyncio.test_runners",
        "test_asyncio.test_server", "test_asyncio.test_threads", "test_asyncio.test_timeouts",
        "test_asyncio.test_transports", "test_asyncio.test_unix_events", "test_asyncio.test_waitfor", "test_base64",
        "test_binascii", "test_builtin", "test_bytes", "test_cmath", "test_codecs", "test_collections",
        "test_complex", "test_contextlib", "test_coroutines", "test_ctypes", "test_dataclasses", "test_dbm",
        "test_dict", "test_enum", "test_epoll", "test_fcntl", "test_file", "test_filecmp", "test_fileinput",
        "test_fileio", "test_float", "test_fractions", "test_functools", "test_gc", "test_generators", "test_getpass",
        "test_grp", "test_gzip", "test_hash", "test_hashlib", "test_heapq", "test_hmac", "test_httplib",
        "test_inspect", "test_json", "test_largefile", "test_linecache", "test_locale", "test_long", "test_math",
        "test_memoryview", "test_mmap", "test_openpty", "test_ordered_dict", "test_platform", "test_poll",
        "test_posix", "test_posixpath", "test_pty", "test_pwd", "test_re", "test_resource", "test_sched",
        "test_secrets", "test_select", "test_socketserver", "test_sort", "test_stat", "test_strtod", "test_struct",
        "test_sys", "test_tempfile", "test_thread", "test_time", "test_traceback", "test_typing", "test_unicodedata",
        "test_uuid", "test_wsgiref", "test_zoneinfo",
    ];

    /// <summary>Those that take some seconds.</summary>
    public static IReadOnlyList<string> Quick { get; } =
    [
        "test_ast", "test_asyncio.test_futures", "test_asyncio.test_locks", "test_asyncio.test_queues",
        "test_asyncio.test_selector_events", "test_asyncio.test_sendfile", "test_asyncio.test_sock_lowlevel",
        "test_asyncio.test_streams", "test_buffer", "test_context", "test_csv", "test_datetime", "test_decimal",
        "test_exceptions", "test_glob", "test_httpservers", "test_importlib", "test_itertools", "test_mailbox",
        "test_os", "test_pathlib", "test_random", "test_set", "test_shelve", "test_shutil", "test_statistics",
        "test_tarfile", "test_threading_local", "test_unicode", "test_urllib", "test_urllib2_localnet",
        "test_weakref", "test_zlib",
    ];

    /// <summary>Those that wait for time to pass, or work longer.</summary>
    public static IReadOnlyList<string> Long { get; } =
    [
        "test_asyncio.test_events", "test_asyncio.test_ssl", "test_asyncio.test_sslproto",
        "test_asyncio.test_taskgroups", "test_asyncio.test_tasks", "test_bz2", "test_io", "test_logging", "test_lzma",
        "test_pickle", "test_poplib", "test_queue", "test_selectors", "test_signal", "test_socket", "test_ssl",
        "test_threading", "test_threadsignals", "test_zipfile",
    ];

    /// <summary>Asserts that a module's tests have the same outcomes in a VM, and that none fails.</summary>
    public static Task AssertSameAsync(string module, string way)
    {
        var command = new Command(Python, Path.Combine(Folder, "run_module.py"), module, Path.Combine(Folder, "exclusions.txt"))
        {
            Timeout = TimeSpan.FromMinutes(4),
        };
        return NativeAndVm.AssertSameAsync(command, way, Comparison.OutputOnly with { MustPrint = $"{module}: ", Status = 0 });
    }
}
