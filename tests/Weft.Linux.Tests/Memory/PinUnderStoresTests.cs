using Weft.Linux.Memory;
using Weft.Linux.Tests.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Memory;

/// <summary>A running vCPU that stores to a private file page while the page is made shareable.</summary>
public sealed class PinUnderStoresTests
{
    private const ulong Page = 4096, Pages = 64;
    private const int PageFault = 14;

    [KvmFact]
    public void No_store_of_a_running_vcpu_is_lost_when_a_file_page_becomes_shareable()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, new byte[Pages * Page]);
            GuestFixture guest = new(new KernelOptions { SharesMemory = true });
            AddressSpace memory = guest.Process.Memory;
            long descriptor = guest.Open(file, 2).Value;
            ulong data = (ulong)guest.Call(SystemCall.Mmap, 0, Pages * Page, 3, 2, (ulong)descriptor, 0).Value;
            GuestVirtualAddress code = guest.Map(1, Protection.Read | Protection.Write | Protection.Execute), stop = guest.Map(1);
            // again: xor ecx, ecx; each: mov rdx, rcx; and rdx, 63; shl rdx, 12; inc qword [rdi + rdx]; inc rcx; inc rax;
            // cmp dword [rsi], 0; je each; syscall
            Assert.True(memory.TryWrite(code, [0x31, 0xc9, 0x48, 0x89, 0xca, 0x48, 0x83, 0xe2, 0x3f, 0x48, 0xc1, 0xe2, 0x0c,
                0x48, 0xff, 0x04, 0x17, 0x48, 0xff, 0xc1, 0x48, 0xff, 0xc0, 0x83, 0x3e, 0x00, 0x74, 0xe6, 0x0f, 0x05]));
            Vcpu vcpu = guest.Thread.Vcpu;
            vcpu.StartAt(code, stop + Page);
            vcpu.Registers.Rdi = data;
            vcpu.Registers.Rsi = stop.Value;
            vcpu.RegistersChanged();
            string? failure = null;
            Thread runner = new(() => failure = Run(vcpu, memory));
            runner.Start();
            List<MemoryPin> pins = [];
            for (ulong page = 0; page < Pages; page++)
            {
                Thread.Sleep(1);
                Assert.Equal(Errno.None, memory.Pin(new(data + page * Page), Page, true, out MemoryPin? pin));
                pins.Add(pin!);
            }
            Assert.True(memory.TryWrite(stop, 1));
            runner.Join();
            Assert.Null(failure);
            ulong sum = 0;
            for (ulong page = 0; page < Pages; page++)
            {
                Assert.True(memory.TryRead(new(data + page * Page), out ulong count));
                sum += count;
            }
            Assert.Equal(vcpu.Registers.Rax, sum);
            Assert.True(sum > Pages, "the program hardly ran");
            pins.ForEach(pin => pin.Dispose());
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs until the program's system call; null when all went well.</summary>
    private static string? Run(Vcpu vcpu, AddressSpace memory)
    {
        while (true)
        {
            VcpuExit exit = vcpu.Run();
            if (exit == VcpuExit.SystemCall)
                return null;
            if (exit == VcpuExit.Interrupted)
                continue;
            PageAccess need = (vcpu.ErrorCode & 0x10) != 0 ? PageAccess.Execute : (vcpu.ErrorCode & 2) != 0 ? PageAccess.Write : PageAccess.Read;
            if (exit != VcpuExit.Exception || vcpu.Vector != PageFault || memory.HandleFault(vcpu.FaultAddress, need) != FaultOutcome.Mended)
                return vcpu.Describe();
        }
    }
}
