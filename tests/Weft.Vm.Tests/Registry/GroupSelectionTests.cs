using Weft.Linux;
using Weft.Vm.Registry;

namespace Weft.Vm.Tests.Registry;

public class GroupSelectionTests
{
    [Fact]
    public void The_option_comes_before_the_variable_and_the_launcher()
    {
        Dictionary<string, string> variables = new() { ["WEFT_GROUP"] = "variable", ["PMIX_NAMESPACE"] = "17" };
        Assert.Equal(new GroupChoice("option", "--group"), Choose("option", variables));
        Assert.Equal(new GroupChoice("variable", "WEFT_GROUP"), Choose(null, variables));
        variables.Remove("WEFT_GROUP");
        Assert.Equal("Open MPI", Choose(null, variables)!.Source);
        Assert.Null(Choose(null, []));
    }

    [Fact]
    public void Ranks_of_a_job_get_one_group_and_other_jobs_another()
    {
        GroupChoice? Job(string space, string uri) => Choose(null, new() { ["PMIX_NAMESPACE"] = space, ["OMPI_MCA_orte_hnp_uri"] = uri, ["PMIX_RANK"] = "3" });
        Assert.Equal(Job("17", "a"), Job("17", "a"));
        Assert.NotEqual(Job("17", "a"), Job("18", "a"));
        Assert.NotEqual(Job("17", "a"), Job("17", "b"));
        Assert.True(GroupName.IsValid(Job("odd / name", "\n")!.Name));
    }

    [Fact]
    public void Slurm_names_its_jobs_in_the_environment() =>
        Assert.Equal("Slurm", Choose(null, new() { ["PMI_RANK"] = "0", ["SLURM_JOB_ID"] = "12", ["SLURM_STEP_ID"] = "0" })!.Source);

    [Theory]
    [InlineData("a", true)]
    [InlineData("job-1.x_y", true)]
    [InlineData("", false)]
    [InlineData(".hidden", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("a\n", false)]
    [InlineData("ü", false)]
    public void Only_harmless_names_are_taken(string name, bool valid)
    {
        Assert.Equal(valid, GroupName.IsValid(name));
        if (!valid && name.Length > 0)
            Assert.Throws<IOException>(() => Choose(null, new() { ["WEFT_GROUP"] = name }));
    }

    private static GroupChoice? Choose(string? given, Dictionary<string, string> variables) =>
        GroupSelection.Choose(given, name => variables.GetValueOrDefault(name));
}
