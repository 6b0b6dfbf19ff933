using System.Xml.Linq;

namespace Weft.Architecture.Tests;

/// <summary>Projects depend downwards only, and the solution knows them all.</summary>
public sealed class DependencyTests
{
    /// <summary>From the lowest room to the highest. A new project takes its place here first.</summary>
    private static readonly string[] Rooms =
    [
        "Weft.Native", "Weft.Kvm", "Weft.Machine", "Weft.Fabric", "Weft.Adapter", "Weft.Linux", "Weft.Vm", "Weft.Fairness",
        "Weft.Lending", "Weft.Migration", "Weft.Span", "Weft.Host", "Weft.Cli",
    ];

    /// <summary>Runs inside the compiler: nothing of ours at run time, and only by this kind of reference.</summary>
    private const string Generator = "Weft.Linux.Generator";

    [Fact]
    public void Every_project_of_src_has_a_place_in_the_order() =>
        Assert.Empty(Projects("src").Select(NameOf).Except([.. Rooms, Generator]));

    [Fact]
    public void References_point_down_only()
    {
        var upward = from project in Projects("src")
                     from reference in References(project)
                     where reference.Name != Generator && Array.IndexOf(Rooms, reference.Name) >= Array.IndexOf(Rooms, NameOf(project))
                     select $"{NameOf(project)} references {reference.Name}";
        Assert.Empty(upward);
    }

    [Fact]
    public void Generator_is_referenced_as_an_analyzer_and_references_nothing()
    {
        var otherwise = from project in Projects("src").Concat(Projects("tests"))
                        from reference in References(project)
                        where reference.Name == Generator && NameOf(project).StartsWith("Weft.", StringComparison.Ordinal)
                            && !NameOf(project).EndsWith(".Tests", StringComparison.Ordinal) && !reference.AsAnalyzer
                        select NameOf(project);
        Assert.Empty(otherwise);
        Assert.Empty(Projects("src").Where(project => NameOf(project) == Generator).SelectMany(References));
    }

    [Fact]
    public void Product_references_no_test()
    {
        var testing = from project in Projects("src")
                      where Repository.Read(project).Contains("xunit", StringComparison.OrdinalIgnoreCase)
                          || References(project).Any(reference => reference.Name.EndsWith("Tests", StringComparison.Ordinal))
                      select project;
        Assert.Empty(testing);
    }

    [Fact]
    public void Versions_of_packages_stand_in_one_place()
    {
        var own = from project in Projects("src").Concat(Projects("tests")).Concat(Projects("bench"))
                  from package in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference")
                  where package.Attribute("Version") is not null
                  select $"{project}: {package.Attribute("Include")?.Value}";
        Assert.Empty(own);
    }

    [Fact]
    public void Solution_lists_every_project()
    {
        string solution = Repository.Read("Weft.slnx");
        // What tests/programs holds is run, not linked: it is built by its Makefile.
        var missing = Projects("src").Concat(Projects("tests")).Concat(Projects("bench"))
            .Where(project => !project.StartsWith("tests/programs/", StringComparison.Ordinal))
            .Where(project => !solution.Contains(project, StringComparison.Ordinal));
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_room_of_src_can_be_compiled_ahead_of_time()
    {
        var switchedOff = Projects("src").Where(project => Repository.Read(project).Contains("<IsAotCompatible>false", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(switchedOff);
    }

    private static IEnumerable<string> Projects(string folder) => Repository.Files(folder, "*.csproj");

    private static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<(string Name, bool AsAnalyzer)> References(string project) =>
        XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => (NameOf(reference.Attribute("Include")!.Value), reference.Attribute("OutputItemType")?.Value == "Analyzer"));
}
