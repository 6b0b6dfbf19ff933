using System.Text;
using Weft.Vm.Registry;

namespace Weft.Vm.Tests.Registry;

public sealed class VmRegisterTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("weft-register-").FullName, "vms");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, true);

    [Fact]
    public void Registered_VM_is_listed_until_it_is_removed()
    {
        VmRecord record = Record(4242, "one");
        VmRegistration? registration = VmRegistration.TryCreate(_directory, record);
        Assert.NotNull(registration);
        VmRecord found = Assert.Single(VmRegister.List(_directory));
        Assert.Equivalent(record, found);
        Assert.Equivalent(record, VmRegister.Find(_directory, 4242));
        registration.Remove();
        Assert.Empty(VmRegister.List(_directory));
        Assert.Null(VmRegister.Find(_directory, 4242));
    }

    [Fact]
    public void Record_that_nobody_holds_is_removed()
    {
        Directory.CreateDirectory(_directory);
        string left = Path.Combine(_directory, "77");
        File.WriteAllText(left, "weft-vm 1\n77\n\n\n0\n/bin/true\n");
        Assert.Empty(VmRegister.List(_directory));
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void Half_made_record_is_neither_listed_nor_removed()
    {
        Directory.CreateDirectory(_directory);
        string half = Path.Combine(_directory, ".78");
        File.WriteAllText(half, "");
        Assert.Empty(VmRegister.List(_directory));
        Assert.True(File.Exists(half));
    }

    [Fact]
    public void Grants_are_noted_and_taken_back()
    {
        VmRegistration registration = VmRegistration.TryCreate(_directory, Record(5, ""))!;
        foreach (int member in (int[])[10, 1234567890, 30])
            registration.AddGrant(member);
        registration.RemoveGrant(10);
        registration.RemoveGrant(99);
        Assert.Equal([1234567890, 30], Assert.Single(VmRegister.List(_directory)).Grants);
        registration.AddGrant(40);
        Assert.Equal([40, 1234567890, 30], Assert.Single(VmRegister.List(_directory)).Grants);
    }

    [Fact]
    public void Missing_directory_holds_no_VM() => Assert.Empty(VmRegister.List("/nonexistent/vms"));

    [Theory]
    [InlineData("")]
    [InlineData("weft-vm 1")]
    [InlineData("weft-vm 2\n1\n\n\n0\nx\n")]
    [InlineData("weft-vm 1\n0\n\n\n0\nx\n")]
    [InlineData("weft-vm 1\n-5\n\n\n0\nx\n")]
    [InlineData("weft-vm 1\n5\n\n\nlater\nx\n")]
    [InlineData("weft-vm 1\n5\n\n\n99999999999999999\nx\n")]
    public void Damaged_record_is_none(string text) => Assert.Null(VmRecord.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Odd_program_names_survive()
    {
        VmRecord record = Record(6, "") with { Program = "a\nb %41 ü\t\u0001" };
        Assert.NotNull(VmRegistration.TryCreate(_directory, record));
        Assert.Equal(record.Program, Assert.Single(VmRegister.List(_directory)).Program);
    }

    [Fact]
    public void A_word_means_a_process_id_or_one_name()
    {
        VmRecord[] running = [Record(1, "one"), Record(2, "twin"), Record(3, "twin"), Record(4, "1")];
        Assert.Equal(1, VmSignal.Find(running, "1").ProcessId);
        Assert.Equal(1, VmSignal.Find(running, "one").ProcessId);
        Assert.Contains("2, 3", Assert.Throws<IOException>(() => VmSignal.Find(running, "twin")).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => VmSignal.Find(running, ""));
        Assert.Throws<IOException>(() => VmSignal.FindGroup(running, "none"));
    }

    private static VmRecord Record(int processId, string name) =>
        new(processId, name, "job", "/bin/true", DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), []);
}
