using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>
/// A process's resource limits. They begin as the host's for the VMM, but are the VM's own: setting one never
/// changes the VMM's. The descriptor limit is enforced by the descriptor table; others by who allocates.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ResourceLimits
{
    /// <summary>How many there are.</summary>
    public const int Count = 16;

    // Descriptors that the VMM keeps for itself: vCPUs, memory, wake-ups, and files in the act of being opened.
    private const ulong ReservedDescriptors = 512;

    private readonly Lock _lock = new();
    private readonly ResourceLimit[] _limits = new ResourceLimit[Count];

    private ResourceLimits()
    {
    }

    /// <summary>The limits that the VMM was started with. Raises the VMM's own descriptor limit as far as it may go.</summary>
    public static ResourceLimits FromHost()
    {
        ResourceLimits limits = new();
        using NativeBuffer buffer = new(4096);
        for (int resource = 0; resource < Count; resource++)
            limits._limits[resource] = ReadHost(buffer, 0, (Resource)resource);
        limits._limits[(int)Resource.Descriptors] = ForProgram(buffer, limits[Resource.Descriptors]);
        return limits;
    }

    /// <summary>Limits that another VMM had, which raised its own already.</summary>
    /// <exception cref="InvalidDataException">They are not as many.</exception>
    internal static ResourceLimits FromState(IReadOnlyList<ResourceLimit> limits)
    {
        if (limits.Count != Count)
            throw new InvalidDataException("not all limits are there");
        ResourceLimits restored = new();
        for (int resource = 0; resource < Count; resource++)
            restored._limits[resource] = limits[resource];
        return restored;
    }

    /// <summary>All of them. A copy.</summary>
    internal ResourceLimit[] ToArray()
    {
        lock (_lock)
            return [.. _limits];
    }

    /// <summary>A limit.</summary>
    public ResourceLimit this[Resource resource]
    {
        get
        {
            lock (_lock)
                return _limits[(int)resource];
        }
    }

    /// <summary>One past the highest descriptor.</summary>
    public int DescriptorLimit => (int)Math.Min(this[Resource.Descriptors].Soft, int.MaxValue);

    /// <summary>Replaces a limit as setrlimit(2) does. Returns None, EINVAL or EPERM.</summary>
    /// <param name="resource">Which.</param>
    /// <param name="value">The new values.</param>
    /// <param name="mayRaise">The caller may raise hard limits (CAP_SYS_RESOURCE).</param>
    public Errno Set(Resource resource, ResourceLimit value, bool mayRaise)
    {
        if (value.Soft > value.Hard)
            return Errno.EINVAL;
        lock (_lock)
        {
            bool raises = value.Hard > _limits[(int)resource].Hard;
            // The host gives the VMM no more descriptors than these, whatever the program may do.
            if (raises && (!mayRaise || resource == Resource.Descriptors))
                return Errno.EPERM;
            _limits[(int)resource] = value;
        }
        return Errno.None;
    }

    private static ResourceLimit ForProgram(NativeBuffer buffer, ResourceLimit host)
    {
        ulong soft = host.Soft;
        if (soft == host.Hard)
        {
            // .NET raises the soft limit before our first line runs: what the program should start with is
            // what the process has that started us.
            ResourceLimit parent = ReadHost(buffer, HostStubs.CallQuick(SystemCall.Getppid), Resource.Descriptors);
            if (parent.Hard == host.Hard)
                soft = parent.Soft;
        }
        ResourceLimit own = new(host.Hard, host.Hard);
        MemoryMarshal.Write(buffer.Span, own);
        HostStubs.CallQuick(SystemCall.Prlimit64, 0, (int)Resource.Descriptors, (long)buffer.Address.Value);
        ulong hard = host.Hard > 2 * ReservedDescriptors ? host.Hard - ReservedDescriptors : host.Hard;
        return new ResourceLimit(Math.Min(soft, hard), hard);
    }

    private static ResourceLimit ReadHost(NativeBuffer buffer, long processId, Resource resource) =>
        HostStubs.CallQuick(SystemCall.Prlimit64, processId, (int)resource, 0, (long)buffer.Address.Value) < 0
            ? default
            : MemoryMarshal.Read<ResourceLimit>(buffer.Span);
}
