using Weft.Native;

namespace Weft.Kvm;

public sealed unsafe partial class KvmSystem
{
    private const int MaximumCpuidEntries = 256;
    private const int CpuidEntryBytes = 40;
    private byte[]? _supportedCpuid;

    /// <summary>struct kvm_cpuid2 with the leaves that the host supports; read once.</summary>
    internal byte[] SupportedCpuid => _supportedCpuid ??= ReadSupportedCpuid();

    private static long OpenDevice(byte[] zeroTerminatedPath)
    {
        const int readWrite = 2, closeOnExec = 0x80000, currentDirectory = -100;
        fixed (byte* path = zeroTerminatedPath)
            return HostStubs.Call(SystemCall.Openat, currentDirectory, (long)path, readWrite | closeOnExec);
    }

    private byte[] ReadSupportedCpuid()
    {
        byte[] buffer = new byte[8 + MaximumCpuidEntries * CpuidEntryBytes];
        BitConverter.TryWriteBytes(buffer, MaximumCpuidEntries);
        // SAFETY: nent tells KVM how many entries fit behind the header.
        fixed (byte* pointer = buffer)
        {
            long result = Ioctl(_descriptor, KvmIoctl.GetSupportedCpuid, (long)pointer);
            if (result < 0)
                throw new KvmException("cannot read the supported CPUID leaves", (Errno)(-result), "update the host's kernel");
        }
        return buffer;
    }
}
