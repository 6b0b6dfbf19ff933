using System.Text;
using Weft.Native;

namespace Weft.Kvm;

/// <summary>An open /dev/kvm: creates virtual machines and tells what the host's KVM offers.</summary>
/// <remarks>Owns its descriptor; any thread may use it.</remarks>
public sealed partial class KvmSystem : IDisposable
{
    private const int ExpectedApiVersion = 12;
    private int _descriptor;

    private KvmSystem(int descriptor) => _descriptor = descriptor;

    /// <summary>Bytes of the run page that every vCPU's descriptor maps.</summary>
    public int RunPageSize { get; private init; }

    /// <summary>Opens /dev/kvm.</summary>
    /// <exception cref="KvmException">No /dev/kvm, no permission, or another API version.</exception>
    public static KvmSystem Open(string path = "/dev/kvm")
    {
        long descriptor = OpenDevice(Encoding.UTF8.GetBytes(path + "\0"));
        if (descriptor < 0)
        {
            Errno errno = (Errno)(-descriptor);
            throw new KvmException($"cannot open {path}", errno, errno switch
            {
                Errno.ENOENT => "this host has no KVM: enable virtualization in the firmware and load kvm_intel or kvm_amd",
                Errno.EACCES or Errno.EPERM => "add this user to the group 'kvm' and log in again",
                _ => "run './weft doctor' for what this host offers",
            });
        }
        long version = Ioctl((int)descriptor, KvmIoctl.GetApiVersion, 0);
        if (version != ExpectedApiVersion)
            throw new KvmException($"{path} speaks KVM API {version}, not {ExpectedApiVersion}", Errno.ENOTTY, "use a kernel of this century");
        return new KvmSystem((int)descriptor) { RunPageSize = (int)Ioctl((int)descriptor, KvmIoctl.GetVcpuMmapSize, 0) };
    }

    /// <summary>The value of a capability; 0 when the host lacks it.</summary>
    public int Check(KvmCapability capability) => (int)Math.Max(0, Ioctl(_descriptor, KvmIoctl.CheckExtension, (long)capability));

    /// <summary>Creates an empty virtual machine.</summary>
    /// <exception cref="KvmException">The host refuses.</exception>
    public KvmVm CreateVm()
    {
        long descriptor;
        do
            descriptor = Ioctl(_descriptor, KvmIoctl.CreateVm, 0);
        while (descriptor == -(long)Errno.EINTR);
        if (descriptor < 0)
            throw new KvmException("cannot create a virtual machine", (Errno)(-descriptor), "see the host's kernel log and memory limits");
        return new KvmVm(this, (int)descriptor);
    }

    /// <summary>Closes /dev/kvm; machines made from it live on.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
            HostStubs.CallQuick(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }

    internal static long Ioctl(int descriptor, KvmIoctl request, long argument) =>
        HostStubs.Call(SystemCall.Ioctl, descriptor, (long)(uint)request, argument);
}
