using System.Reflection;
using System.Text;
using FilterProxy.Hosting;
using Xunit;

namespace FilterProxy.Tests;

public sealed class PublicApiTests
{
    private const string RewriteVariable = "FILTERPROXY_WRITE_PUBLIC_API";

    [Theory]
    [InlineData(typeof(IHttpFilter))]
    [InlineData(typeof(FilterProxyBuilder))]
    public void What_others_build_on_is_what_was_approved(Type oneOfIt)
    {
        var file = Repository.PathOf("src", oneOfIt.Assembly.GetName().Name!, "PublicApi.txt");
        var actual = Describe(oneOfIt.Assembly);
        if (Environment.GetEnvironmentVariable(RewriteVariable) == "1")
        {
            File.WriteAllText(file, actual);
        }

        var approved = File.Exists(file) ? File.ReadAllText(file) : "";

        Assert.True(
            approved == actual,
            $"The public surface of {oneOfIt.Assembly.GetName().Name} changed. If that is meant, run the tests once with {RewriteVariable}=1 and commit PublicApi.txt.\n{Difference(approved, actual)}");
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(PublicApiText.NameOf, StringComparer.Ordinal))
        {
            text.Append(PublicApiText.Declare(type)).Append('\n');
            foreach (var member in PublicApiText.MembersOf(type).Order(StringComparer.Ordinal).Distinct())
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Difference(string approved, string actual)
    {
        var (before, after) = (approved.Split('\n'), actual.Split('\n'));
        return string.Join('\n', before.Except(after).Select(l => "- " + l.Trim()).Concat(after.Except(before).Select(l => "+ " + l.Trim())));
    }
}
