#if HAS_TURBOJPEG
    internal import CTurboJPEG
#endif

/// Decodes JPEG files with libjpeg-turbo, to the pixels that everybody gets from it: the accurate
/// transform, and colours brought to full size smoothly.
enum JPEG {
    #if HAS_TURBOJPEG
        /// What a file says of itself.
        static func header(of bytes: [UInt8], path: String) throws -> ImageHeader {
            try withDecoder(path) { decoder in
                var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
                let status = tjDecompressHeader3(
                    decoder,
                    bytes,
                    UInt(bytes.count),
                    &width,
                    &height,
                    &sampling,
                    &colours
                )
                guard status == 0 else { throw damaged(decoder, path) }
                // A file may hold tables for other files only.
                guard width > 0 else {
                    throw DataError.invalidFile(
                        path: path,
                        reason: "the JPEG file is damaged (it holds no image); get it again or "
                            + "remove it"
                    )
                }
                guard colours != Int32(TJCS_CMYK.rawValue), colours != Int32(TJCS_YCCK.rawValue)
                else {
                    throw DataError.invalidFile(
                        path: path,
                        reason: "the image has the four colours of print; save it as RGB"
                    )
                }
                return try ImageHeader(
                    width: Int(width),
                    height: Int(height),
                    isGrey: colours == Int32(TJCS_GRAY.rawValue),
                    path: path
                )
            }
        }

        /// The pixels, row after row, the channels of a pixel beside each other.
        static func pixels(
            of bytes: [UInt8],
            header: ImageHeader,
            channelCount: Int,
            path: String
        ) throws -> [UInt8] {
            try withDecoder(path) { decoder in
                var pixels = [UInt8](
                    repeating: 0,
                    count: header.width * header.height * channelCount
                )
                // What was lost is decoded as grey with a warning: the warning is taken seriously.
                let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
                let status = tjDecompress2(
                    decoder,
                    bytes,
                    UInt(bytes.count),
                    &pixels,
                    Int32(header.width),
                    Int32(header.width * channelCount),
                    Int32(header.height),
                    Int32(channelCount == 1 ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue),
                    flags
                )
                guard status == 0 else { throw damaged(decoder, path) }
                return pixels
            }
        }

        private static func withDecoder<Result>(
            _ path: String,
            _ body: (tjhandle) throws -> Result
        ) throws -> Result {
            guard let decoder = tjInitDecompress() else {
                throw DataError.unreadableFile(
                    path: path,
                    reason: "turbojpeg cannot be started; is there memory left?"
                )
            }
            defer { tjDestroy(decoder) }
            return try body(decoder)
        }

        private static func damaged(_ decoder: tjhandle, _ path: String) -> DataError {
            let reason = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no reason given"
            return .invalidFile(
                path: path,
                reason: "the JPEG file is damaged (\(reason)); get it again or remove it"
            )
        }
    #else
        static func header(of bytes: [UInt8], path: String) throws -> ImageHeader {
            throw DataError.missingLibrary(.turbojpeg, neededFor: path)
        }

        static func pixels(
            of bytes: [UInt8],
            header: ImageHeader,
            channelCount: Int,
            path: String
        ) throws -> [UInt8] {
            throw DataError.missingLibrary(.turbojpeg, neededFor: path)
        }
    #endif
}
