using Weft.Native;

namespace Weft.Kvm;

/// <summary>One virtual machine's descriptor: memory slots and vCPUs.</summary>
/// <remarks>Owns the descriptor. Slots may be changed from any thread while vCPUs run; KVM serialises.</remarks>
public sealed partial class KvmVm : IDisposable
{
    // Three pages that KVM may use for real-mode emulation on VMX; outside every guest region. Source: KVM API, 4.36.
    private const long TssAddress = 0xfffbd000;
    private readonly KvmSystem _system;
    private int _descriptor;

    internal KvmVm(KvmSystem system, int descriptor)
    {
        _system = system;
        _descriptor = descriptor;
        KvmSystem.Ioctl(descriptor, KvmIoctl.SetTssAddress, TssAddress);
    }

    /// <summary>The VM's descriptor, for statistics and tests.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Creates vCPU number <paramref name="index"/>, with the host's CPUID leaves and XCR0.</summary>
    /// <exception cref="KvmException">The host's limit of vCPUs or memory is reached.</exception>
    public KvmVcpu CreateVcpu(int index)
    {
        long descriptor = KvmSystem.Ioctl(_descriptor, KvmIoctl.CreateVcpu, index);
        if (descriptor < 0)
            throw new KvmException($"cannot create vCPU {index}", (Errno)(-descriptor), "lower the number of threads or raise the host's limits");
        return new KvmVcpu(_system, (int)descriptor, index);
    }

    /// <summary>Closes the descriptor; the machine ends with its last vCPU.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
            HostStubs.CallQuick(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }
}
