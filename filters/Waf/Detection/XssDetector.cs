namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Tells whether a value would run a script in a page it is put into: between tags, or in an attribute's value without quotes or in any quotes.
/// One reading that is an attack suffices.
/// </summary>
internal static class XssDetector
{
    public static bool IsInjection(ReadOnlySpan<byte> input) => IsInjection(input, out _);

    /// <summary>As above, and how many steps that took.</summary>
    internal static bool IsInjection(ReadOnlySpan<byte> input, out int steps)
    {
        steps = 0;
        if (input.Contains((byte)'<') && (IsInjection(input, HtmlContext.Data, ref steps) || IsInjection(input, HtmlContext.Loose, ref steps)))
        {
            return true;
        }

        // Only an attribute with a value can come out of an attribute's value; tags were seen above.
        return input.Contains((byte)'=')
            && (IsInjection(input, HtmlContext.Unquoted, ref steps)
                || (input.Contains((byte)'\'') && IsInjection(input, HtmlContext.SingleQuoted, ref steps))
                || (input.Contains((byte)'"') && IsInjection(input, HtmlContext.DoubleQuoted, ref steps))
                || (input.Contains((byte)'`') && IsInjection(input, HtmlContext.BackQuoted, ref steps)));
    }

    private static bool IsInjection(ReadOnlySpan<byte> input, HtmlContext context, ref int steps)
    {
        var scanner = new HtmlScanner(input, context);
        var isInjection = IsInjection(ref scanner, context);
        steps += scanner.Steps;
        return isInjection;
    }

    private static bool IsInjection(ref HtmlScanner scanner, HtmlContext context)
    {
        var tag = HtmlTag.Plain;
        var attribute = HtmlAttribute.Plain;
        var isOwnTag = false;
        var isEndTag = false;
        while (true)
        {
            switch (scanner.Next())
            {
                case HtmlKind.End:
                    return false;

                case HtmlKind.Tag:
                    tag = HtmlNames.TagOf(scanner.Text);
                    (isOwnTag, isEndTag) = (true, false);
                    if (tag == HtmlTag.Active)
                    {
                        return true;
                    }

                    break;

                case HtmlKind.EndTag:
                    (tag, isEndTag) = (HtmlTag.Plain, true);
                    break;

                case HtmlKind.TagEnd:
                    (tag, isOwnTag, isEndTag) = (HtmlTag.Plain, false, false);
                    break;

                case HtmlKind.AttributeName:
                    attribute = HtmlNames.AttributeOf(scanner.Text);
                    break;

                case HtmlKind.AttributeValue:
                    if (!isEndTag && (tag == HtmlTag.ActiveWithAttribute || (tag == HtmlTag.Link && attribute == HtmlAttribute.Relation)
                        || IsActive(attribute, scanner.Text, isOwnTag)))
                    {
                        return true;
                    }

                    break;

                case HtmlKind.Comment:
                    if (IsActiveComment(scanner.Text))
                    {
                        return true;
                    }

                    break;

                case HtmlKind.Declaration:
                    if (IsActiveDeclaration(scanner.Text))
                    {
                        return true;
                    }

                    break;

                case HtmlKind.Instruction:
                    if (IsActiveInstruction(scanner.Text))
                    {
                        return true;
                    }

                    break;
            }
        }
    }

    private static bool IsActive(HtmlAttribute attribute, ReadOnlySpan<byte> value, bool isOwnTag) => attribute switch
    {
        HtmlAttribute.Event => !value.IsEmpty,
        HtmlAttribute.Url => HtmlValue.IsScript(value),
        HtmlAttribute.Style => HtmlValue.IsActiveStyle(value),
        HtmlAttribute.Loaded or HtmlAttribute.Namespace => isOwnTag && !value.IsEmpty,
        _ => false,
    };

    // Conditional comments, a back quote (which some browsers let end what it stands in), and server-side includes.
    private static bool IsActiveComment(ReadOnlySpan<byte> text)
    {
        var content = text.TrimStart(" \t\r\n\f"u8);
        return HtmlValue.StartsWith(content, "[if"u8) || content.StartsWith("#"u8) || text.Contains((byte)'`');
    }

    private static bool IsActiveInstruction(ReadOnlySpan<byte> text) =>
        HtmlValue.StartsWith(text, "import"u8) || HtmlValue.StartsWith(text, "xml-stylesheet"u8) || HtmlValue.StartsWith(text, "xml:namespace"u8);

    private static bool IsActiveDeclaration(ReadOnlySpan<byte> text) =>
        HtmlValue.StartsWith(text, "doctype"u8) || HtmlValue.StartsWith(text, "entity"u8) || HtmlValue.StartsWith(text, "attlist"u8)
        || HtmlValue.StartsWith(text, "element"u8) || HtmlValue.StartsWith(text, "[cdata["u8) || HtmlValue.StartsWith(text, "[if"u8);
}
