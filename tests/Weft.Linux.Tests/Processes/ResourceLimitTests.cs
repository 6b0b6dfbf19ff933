using Weft.Linux.Memory;
using Weft.Linux.Processes;
using Weft.Native;

namespace Weft.Linux.Tests.Processes;

public sealed class ResourceLimitTests
{
    [Fact]
    public void A_soft_limit_above_the_hard_one_is_refused()
    {
        ResourceLimits limits = ResourceLimits.FromHost();
        Assert.Equal(Errno.EINVAL, limits.Set(Resource.Core, new ResourceLimit(2, 1), true));
    }

    [Fact]
    public void A_lowered_hard_limit_can_be_raised_with_the_privilege_only()
    {
        ResourceLimits limits = ResourceLimits.FromHost();
        Assert.Equal(Errno.None, limits.Set(Resource.Stack, new ResourceLimit(1 << 20, 1 << 20), false));
        Assert.Equal(Errno.EPERM, limits.Set(Resource.Stack, new ResourceLimit(1 << 20, 2 << 20), false));
        Assert.Equal(Errno.None, limits.Set(Resource.Stack, new ResourceLimit(1 << 20, 2 << 20), true));
    }

    [Fact]
    public void Descriptors_of_the_VMM_are_never_the_programs()
    {
        ResourceLimits limits = ResourceLimits.FromHost();
        ResourceLimit own = limits[Resource.Descriptors];
        Assert.True(own.Soft <= own.Hard);
        Assert.Equal(Errno.EPERM, limits.Set(Resource.Descriptors, own with { Hard = own.Hard + 1 }, true));
    }

    [KvmFact]
    public void A_lowered_descriptor_limit_gives_EMFILE()
    {
        using CallFixture guest = new();
        ulong limit = guest.Put(new ResourceLimit(2, 2)).Value;
        Assert.Equal(0u, guest.Succeed(SystemCall.Setrlimit, (ulong)Resource.Descriptors, limit));
        guest.Succeed(SystemCall.Eventfd2, 0, 0);
        guest.Succeed(SystemCall.Eventfd2, 0, 0);
        Assert.Equal(Errno.EMFILE, guest.Fail(SystemCall.Eventfd2, 0, 0));
    }

    [KvmFact]
    public void An_address_space_limit_gives_ENOMEM()
    {
        using CallFixture guest = new();
        ulong limit = guest.Put(new ResourceLimit(1 << 20, ResourceLimit.Infinity)).Value;
        guest.Succeed(SystemCall.Prlimit64, 0, (ulong)Resource.AddressSpace, limit, 0);
        SyscallResult result = guest.Memory.Map(new MapRequest { LengthBytes = 2 << 20, Protection = Protection.Read });
        Assert.Equal(Errno.ENOMEM, result.Error);
    }

    [KvmFact]
    public void Bad_arguments_are_refused()
    {
        using CallFixture guest = new();
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Getrlimit, 16, guest.Map(1).Value));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Getrlimit, 0, CallFixture.Unmapped));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Prlimit64, 0, 0, CallFixture.Unmapped, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Getrlimit, 0, guest.Map(1, Protection.Read).Value));
        Assert.Equal(Errno.ESRCH, guest.Fail(SystemCall.Prlimit64, int.MaxValue, 0, 0, guest.Map(1).Value));
    }
}
