using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Linux.Processes;
using Weft.Linux.Signals;

namespace Weft.Linux;

/// <summary>A process of the VM: address space, descriptors, signal handlers and threads.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class Process
{
    private readonly Lock _lock = new();
    private readonly List<GuestThread> _threads = [];
    private volatile bool _isReplaced;
    private readonly SemaphoreSlim _parked = new(0);

    /// <summary>A process without threads.</summary>
    public Process(Kernel kernel)
        : this(kernel, null)
    {
    }

    /// <summary>A process that goes on with another VMM's limits and mounts; the rest is restored once it has its first thread.</summary>
    public Process(Kernel kernel, Checkpoint.ProcessState? state)
    {
        Limits = state is null ? ResourceLimits.FromHost() : ResourceLimits.FromState(state.Settings.Limits);
        Kernel = kernel;
        Id = kernel.ProcessId;
        Memory = new AddressSpace(kernel.Machine);
        Memory.SetLimit(kernel.Options.MemoryLimitBytes, Files);
        Signals = new ProcessSignals(this);
        Files.Limit = Limits.DescriptorLimit;
        Memory.MostMappedBytes = Limits[Resource.AddressSpace].Soft;
        Paths = state is null ? new PathResolver(kernel) : new PathResolver(kernel, state.Paths);
    }

    /// <summary>The VM's kernel.</summary>
    public Kernel Kernel { get; }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>The address space.</summary>
    public AddressSpace Memory { get; }

    /// <summary>The descriptors.</summary>
    public FileTable Files { get; } = new();

    /// <summary>What paths mean, and the working directory.</summary>
    public PathResolver Paths { get; }

    /// <summary>Signal handlers, and signals sent to the process as a whole.</summary>
    public ProcessSignals Signals { get; }

    /// <summary>The resource limits.</summary>
    public ResourceLimits Limits { get; }

    /// <summary>Small settings of the process: what prctl and personality keep.</summary>
    public ProcessAttributes Attributes { get; } = new();

    /// <summary>What was started: set once by the loader.</summary>
    public ProgramImage? Image { get; set; }

    /// <summary>The live threads. A copy.</summary>
    public GuestThread[] Threads
    {
        get
        {
            lock (_lock)
                return [.. _threads];
        }
    }

    /// <summary>How many threads live.</summary>
    public int ThreadCount
    {
        get
        {
            lock (_lock)
                return _threads.Count;
        }
    }

    /// <summary>The live thread of this id, or null.</summary>
    public GuestThread? FindThread(int threadId)
    {
        lock (_lock)
            return _threads.Find(thread => thread.ThreadId == threadId);
    }

    /// <summary>Adds the thread that the calling host thread will run: its id is the process's.</summary>
    public void AddFirstThread(GuestThread thread)
    {
        thread.BindToHostThread();
        AddThread(thread);
        // A signal may have come before there was a thread to wake.
        thread.Interrupt();
    }

    /// <summary>Before a call adds so many bytes to a file at most: ends the VM when that passes the memory limit.</summary>
    internal void BeforeGrowth(FileDescription file, ulong bytes)
    {
        if (!Memory.MayGrow(file, bytes))
            Signals.KillForMemory();
    }

    /// <summary>Whether a thread executes another program: all others stop where they are interrupted.</summary>
    internal bool IsReplaced => _isReplaced;

    /// <summary>Stops all threads but the caller, for another program takes their place. Gives up on who is in a long call of the host.</summary>
    internal void StopOthers(GuestThread caller)
    {
        const int mostMilliseconds = 1000;
        _isReplaced = true;
        for (int waited = 0, parked = 0; parked < ThreadCount - 1 && waited < mostMilliseconds; waited++)
        {
            foreach (GuestThread thread in Threads)
                if (thread != caller)
                    thread.Interrupt();
            while (parked < ThreadCount - 1 && _parked.Wait(1))
                parked++;
        }
    }

    /// <summary>Stops the calling thread for good.</summary>
    internal void Park()
    {
        _parked.Release();
        Thread.Sleep(Timeout.Infinite);
    }

    internal void AddThread(GuestThread thread)
    {
        lock (_lock)
            _threads.Add(thread);
    }

    /// <summary>Forgets a finished thread. True when it was the last.</summary>
    internal bool RemoveThread(GuestThread thread)
    {
        lock (_lock)
        {
            _threads.Remove(thread);
            return _threads.Count == 0;
        }
    }
}
