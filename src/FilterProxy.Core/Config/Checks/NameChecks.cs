using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of the names users give: they appear in metrics, logs and URLs of the admin listener.</summary>
internal static class NameChecks
{
    private const int Longest = 100;

    /// <summary>A key of one of the configuration's dictionaries.</summary>
    public static void Check(CheckContext context, string property, string kind, string name)
    {
        if (name.Length is 0 or > Longest || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            var place = (context.Places.NodeOf(context.Config, property) as ConfigMapping)?.Find(name)?.Location;
            context.RefuseAt(
                place ?? context.Places.Locate(context.Config, property),
                $"'{name}' cannot be the name of a {kind}",
                "letters, digits, '-', '_' and '.'");
        }
    }
}
