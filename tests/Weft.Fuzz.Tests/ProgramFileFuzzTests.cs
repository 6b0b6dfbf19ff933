using System.Buffers.Binary;
using System.Globalization;

namespace Weft.Fuzz.Tests;

/// <summary>Mutated program files, from the command line to the end.</summary>
public sealed class ProgramFileFuzzTests
{
    private const int MostFiles = 400;

    // A program that runs on is ended by SIGALRM, which weft passes to it; only a weft that hangs needs SIGKILL.
    private const string Script = """
        scratch=$1 end=$(($(date +%s) + $2))
        for file in "$scratch"/root/fuzz/*; do
            [ "$(date +%s)" -lt "$end" ] || break
            began=$(date +%s)
            timeout --preserve-status -s ALRM -k 10 3 "$scratch/weft/weft" run --root "$scratch/root" --network none --memory 256M -- \
                "/fuzz/${file##*/}" >/dev/null 2>"$scratch/out/error" </dev/null
            echo "case ${file##*/} $? $(($(date +%s) - began)) $(head -c 2000 "$scratch/out/error" | tr '\n' '|')"
        done
        """;

    [VmFact(Requirements.Root, "unshare", "setpriv", "timeout", "gcc")]
    public async Task Mutated_programs_are_refused_or_run_but_never_break_Weft()
    {
        string programs = await FuzzPrograms.FolderAsync();
        byte[][] bases = [File.ReadAllBytes(Path.Combine(programs, "tiny")), File.ReadAllBytes(Path.Combine(programs, "tiny-pie")), File.ReadAllBytes("/bin/true")];
        using TemporaryFolder scratch = new(), files = new();
        Random random = new((int)FuzzSettings.Seed);
        for (int i = 0; i < MostFiles; i++)
        {
            string path = Path.Combine(files.Path, i.ToString("d4", CultureInfo.InvariantCulture));
            File.WriteAllBytes(path, Mutate(random, bases[random.Next(5) % 3]));
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
        int seconds = Math.Max(1, FuzzSettings.Milliseconds(0.2) / 1000);
        var outcome = await Runs.OnceAsync(Isolated.Shell(scratch, files.Path, Script, $"{seconds}") with { Timeout = TimeSpan.FromSeconds(seconds + 60) });
        Assert.False(outcome.Hung, outcome.Describe());
        string[] cases = [.. outcome.Output.Split('\n').Where(line => line.StartsWith("case ", StringComparison.Ordinal))];
        Assert.NotEmpty(cases);
        string[] broken = [.. cases.Where(IsBroken)];
        Assert.True(broken.Length == 0, $"repeat with WEFT_FUZZ_SEED={FuzzSettings.Seed}\n{string.Join('\n', broken)}");
    }

    private static bool IsBroken(string line)
    {
        string[] words = line.Split(' ', 5);
        int status = int.Parse(words[2], CultureInfo.InvariantCulture), seconds = int.Parse(words[3], CultureInfo.InvariantCulture);
        string error = words[4];
        const int killed = 137, aborted = 134, failed = 125, notExecutable = 126, notFound = 127, patience = 10;
        return status is failed or aborted
            || (status == killed && seconds >= patience)
            || Isolated.SaysOfACrash(error)
            || (status is notExecutable or notFound && !(error.StartsWith("weft: ", StringComparison.Ordinal) && error.Count(c => c == '|') == 1));
    }

    private static byte[] Mutate(Random random, byte[] from)
    {
        const int headers = 64 + 56 * 6;
        byte[] file = [.. from];
        ulong[] strange = [0, 1, 0xfff, 0x1000, 0x10000, 0x7fff80000000, 0x7ffffffff000, 0x800000000000, ulong.MaxValue, 0x8000000000000000, (ulong)file.Length, 1UL << 40];
        for (int count = 1 + random.Next(6); count > 0; count--)
            switch (random.Next(6))
            {
                case 0 or 1:
                    file[random.Next(16, headers)] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    // A field of 8 bytes in the header or in a program header.
                    BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(random.Next(3, headers / 8) * 8), strange[random.Next(strange.Length)]);
                    break;
                case 3:
                    BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(random.Next(8, 32) * 2), (ushort)random.Next(65536));
                    break;
                case 4:
                    file[random.Next(file.Length)] = (byte)random.Next(256);
                    break;
                default:
                    if (random.Next(3) == 0)
                        return random.Next(2) == 0 ? file[..random.Next(file.Length)] : RandomBytes(random, from);
                    break;
            }
        return file;
    }

    private static byte[] RandomBytes(Random random, byte[] from)
    {
        byte[] file = new byte[random.Next(1, 5000)];
        random.NextBytes(file);
        if (random.Next(4) > 0)
            from.AsSpan(0, Math.Min(random.Next(4, 65), file.Length)).CopyTo(file);
        return file;
    }
}
