using Weft.Bench;

// The .NET program whose start-up is measured: it must not load anything of the rest.
if (args is ["hello"])
{
    Console.WriteLine("hello");
    return 0;
}
return BenchCommand.Run(args);
