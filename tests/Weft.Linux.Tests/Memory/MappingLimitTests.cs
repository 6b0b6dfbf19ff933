using Weft.Linux.Tests.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Memory;

/// <summary>vm.max_map_count as the program meets it.</summary>
public sealed class MappingLimitTests
{
    private const ulong Page = GuestFixture.PageBytes, PrivateAnonymous = 0x22, None = ulong.MaxValue, DontFork = 10;

    [KvmFact]
    public void At_the_limit_of_mappings_the_program_gets_Linuxs_errors_and_goes_on()
    {
        GuestFixture guest = new(new KernelOptions());
        ulong limit = (ulong)GuestPhysicalMemory.ReadMappingLimit(), length = 2 * (limit + 100) * Page;
        if (limit > 200_000)
            return; // A host that raised it: too many steps for a quick test.
        ulong at = (ulong)guest.Call(SystemCall.Mmap, 0, length, 0, PrivateAnonymous, None, 0).Value, page = 0;
        SyscallResult result;
        while (!(result = guest.Call(SystemCall.Mprotect, at + page * Page, Page, 1)).IsError && page * Page < length)
            page += 2;
        Assert.Equal(Errno.ENOMEM, result.Error);
        Assert.InRange(page, limit - 1000, limit + 10);
        Assert.Equal(Errno.ENOMEM, guest.Call(SystemCall.Munmap, at + (page + 5) * Page, Page).Error);
        Assert.Equal(Errno.EAGAIN, guest.Call(SystemCall.Madvise, at + (page + 5) * Page, Page, DontFork).Error);
        Assert.Equal(Errno.None, guest.Call(SystemCall.Munmap, at, length).Error);
        Assert.Equal(Errno.None, guest.Call(SystemCall.Mmap, 0, Page, 3, PrivateAnonymous, None, 0).Error);
    }
}
