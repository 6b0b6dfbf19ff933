namespace Weft.EndToEnd;

/// <summary>Everyday tools over a small tree of files; each leaves what it leaves outside.</summary>
public sealed class ToolTests
{
    // Each is one command, its words between blanks, run in a folder that holds "tree/". A tool that isn't installed leaves the list.
    public static IEnumerable<string> Commands => AllCommands.Where(line => Surroundings.Find(line.Split(' ')[0]) is not null);

    private static readonly string[] AllCommands =
    [
        "cat tree/text/3.txt tree/text/40.txt",
        "cp -a tree copy",
        "mv tree moved",
        "rm -rv tree/text",
        "ls -lAR --time-style=+%s tree --ignore=x",
        "find tree -type f -size +1k -newermt 2001-01-01 -printf %p:%s:%m\\n",
        "du -ab tree/text",
        "sort -n -r -k2 tree/numbers",
        "sort --parallel=4 -S 1M tree/numbers",
        "uniq -c tree/words",
        "wc tree/text/1.txt tree/numbers tree/words",
        "grep -rc line tree",
        "grep -rlE ^line.1+$ tree/text",
        "sed -n s/line/LINE/gp tree/text/9.txt",
        "sha256sum tree/numbers tree/words tree/text/5.txt",
        "cksum tree/random",
        "tar -cf all.tar --sort=name --mtime=@1000000000 --owner=0 --group=0 --numeric-owner tree",
        "gzip -kn9 tree/random tree/numbers",
        "xz -kT2 tree/random tree/numbers",
        "bzip2 -k tree/numbers",
        "cmp tree/numbers tree/words",
        "diff -u tree/text/8.txt tree/text/9.txt",
        "od -A x -t x1z -N 300 tree/random",
        "split -b 10000 -d tree/random part",
        "dd if=tree/random of=out bs=777 count=100 skip=3 seek=2 conv=notrunc,fsync status=none",
        "tee one two",
        "truncate -s 5G sparse",
        "ln -s tree/numbers link",
        "stat -c %n:%s:%A:%h:%F tree/numbers tree tree/link",
        "readlink -f tree/link",
        "touch -d @1234567890 tree/numbers",
        "base64 -w 60 tree/random",
        "cut -d: -f2 tree/words",
        "tr a-z A-Z",
        "paste tree/numbers tree/words",
        "comm tree/words tree/words",
        "factor 1234567890123456789 18446744073709551557",
        "seq -w 1 3 1000",
        "expr 6 * 7",
        "id -un",
        "uname -sm",
        "pwd -P",
        "env -i A=b",
        "date -u -d @1000000000 +%F.%T",
        "getent hosts localhost",
        "sleep 0.2",
        "false",
        "cat nothing-here",
        "strings -n 8 /usr/bin/true",
        "readelf -hW /usr/bin/true",
        "objdump -d /usr/bin/true --stop-address=0x2100",
        "file tree/numbers tree/random /usr/bin/true",
        "busybox sha512sum tree/random",
        "busybox ls -l /usr/share/doc/bash",
        "git --version",
        "git hash-object tree/numbers tree/random",
        "openssl dgst -sha3-256 -r tree/random",
        "openssl enc -aes-256-cbc -pbkdf2 -pass pass:weft -nosalt -in tree/random -out encrypted",
        "openssl prime 18446744073709551557",
        "make -C tree -s -n",
        "gcc -dumpversion",
        "m4 -DX=5 tree/macros",
    ];

    [VmTheory]
    [EachWay(From = nameof(Commands))]
    public async Task Tool(string line, string way)
    {
        string[] words = line.Split(' ');
        var command = new Command(Surroundings.Find(words[0])!, words[1..]) { Input = "some input\nof two lines\n" };
        using var outside = new TemporaryFolder();
        using var inside = new TemporaryFolder();
        Tree.Plant(outside.Path);
        Tree.Plant(inside.Path);
        var native = await Runs.OnceAsync(command with { WorkingDirectory = outside.Path });
        var vm = await Runs.OnceAsync(command.InVm(way) with { WorkingDirectory = inside.Path });
        var comparison = new Comparison { Normalise = text => text.Replace(outside.Path, "…").Replace(inside.Path, "…") };
        if (comparison.Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\nnative: {native.Describe()}\nVM: {vm.Describe()}");
        Assert.Equal(Tree.Describe(outside.Path), Tree.Describe(inside.Path));
    }
}
