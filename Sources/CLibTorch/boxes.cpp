// Images: rectangular parts, exchanged between the images of a batch or set to 0, and other sizes.

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/masked_fill.h>

#include "boundary.h"

namespace {

void check_images(const at::Tensor &images) {
    TORCH_CHECK(images.dim() == 4, "images have the shape [N, C, H, W], not ", images.sizes());
}

// Which of the positions 0 ..< length lie between two columns of the boxes: [N, length].
at::Tensor positions_between(const at::Tensor &boxes, int64_t first, int64_t last, int64_t length) {
    auto positions = at::arange(length, boxes.options());
    auto from = boxes.slice(1, first, first + 1);
    auto to = boxes.slice(1, last, last + 1);
    return positions.ge(from).logical_and(positions.lt(to));
}

}  // namespace

clt_status clt_paste_box(clt_tensor images, clt_tensor order, int64_t top, int64_t bottom,
                         int64_t left, int64_t right, clt_tensor *out) {
    return clt::guard([&] {
        auto &source = clt::tensor(images);
        auto partners = clt::on_device(clt::tensor(order), source.device());
        check_images(source);
        TORCH_CHECK(0 <= top && top <= bottom && bottom <= source.size(2) && 0 <= left &&
                        left <= right && right <= source.size(3),
                    "a box of the rows ", top, " to ", bottom, " and the columns ", left, " to ",
                    right, " does not fit images of shape ", source.sizes());
        TORCH_CHECK(partners.dim() == 1 && partners.size(0) == source.size(0), "an order of shape ",
                    partners.sizes(), " does not fit ", source.size(0), " images");
        auto part = [&](const at::Tensor &whole) {
            return whole.slice(2, top, bottom).slice(3, left, right);
        };
        auto result = source.clone();
        part(result).copy_(at::index_select(part(source), 0, partners));
        clt::give(result, out);
    });
}

clt_status clt_erase_boxes(clt_tensor images, clt_tensor boxes, clt_tensor *out) {
    return clt::guard([&] {
        auto &source = clt::tensor(images);
        auto edges = clt::on_device(clt::tensor(boxes), source.device());
        check_images(source);
        TORCH_CHECK(edges.dim() == 2 && edges.size(0) == source.size(0) && edges.size(1) == 4,
                    "boxes of shape ", edges.sizes(), " do not fit ", source.size(0),
                    " images; each needs top, bottom, left and right");
        auto rows = positions_between(edges, 0, 1, source.size(2)).unsqueeze(2);
        auto columns = positions_between(edges, 2, 3, source.size(3)).unsqueeze(1);
        auto inside = rows.logical_and(columns).unsqueeze(1);
        clt::give(at::masked_fill(source, inside, 0), out);
    });
}

clt_status clt_resize_images(clt_tensor images, int64_t height, int64_t width, clt_tensor *out) {
    return clt::guard([&] {
        auto &source = clt::tensor(images);
        check_images(source);
        clt::give(at::_upsample_bilinear2d_aa(source, {height, width}, /*align_corners=*/false),
                  out);
    });
}
