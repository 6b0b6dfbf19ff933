namespace Weft.Linux.Processes;

/// <summary>RLIMIT_*. Source: asm-generic/resource.h.</summary>
public enum Resource
{
    /// <summary>Processor time in seconds.</summary>
    ProcessorTime = 0,

    /// <summary>Size of a file that the process writes.</summary>
    FileSize = 1,

    /// <summary>Data segment.</summary>
    Data = 2,

    /// <summary>Main stack.</summary>
    Stack = 3,

    /// <summary>Core dump.</summary>
    Core = 4,

    /// <summary>Resident set; Linux ignores it.</summary>
    ResidentSet = 5,

    /// <summary>Processes of the user.</summary>
    Processes = 6,

    /// <summary>Descriptors.</summary>
    Descriptors = 7,

    /// <summary>Locked memory.</summary>
    LockedMemory = 8,

    /// <summary>Address space.</summary>
    AddressSpace = 9,

    /// <summary>File locks; Linux ignores it.</summary>
    Locks = 10,

    /// <summary>Queued signals.</summary>
    PendingSignals = 11,

    /// <summary>Bytes in POSIX message queues.</summary>
    MessageQueueBytes = 12,

    /// <summary>Highest nice value, as 20 - nice.</summary>
    Nice = 13,

    /// <summary>Highest real-time priority.</summary>
    RealTimePriority = 14,

    /// <summary>Real-time processor use without a blocking call, in microseconds.</summary>
    RealTimeTime = 15,
}
